/** Starts the loop that makes the backups, inside this server. Next calls it once, before the first request; it does not wait. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { startLoop, stopLoop } = await import('#lib/runner/loop.ts');
  startLoop();
  // A backup under way is handed back before the server ends, so that the next start goes on with it at once.
  const end = (): void => void stopLoop().finally(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
}
