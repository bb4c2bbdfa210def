import { text } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';

/** Every file of a small archive in memory, as text: what exceljs drew. */
export async function unzipTexts(archive: Buffer): Promise<Map<string, string>> {
  const zip = await fromBufferPromise(archive, { lazyEntries: true });
  const texts = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.endsWith('/')) texts.set(entry.fileName, await text(await zip.openReadStreamPromise(entry)));
  }
  return texts;
}
