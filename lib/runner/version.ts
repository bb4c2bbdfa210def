import * as z from 'zod';
import packageJson from '../../package.json' with { type: 'json' };

/** The version of this product, as written into each backup. */
export const PRODUCT_VERSION: string = z.object({ version: z.string() }).parse(packageJson).version;
