/** Starts the loop that makes the backups, inside this server. Next calls it once, before the first request; it does not wait. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { drainOnSignals, startLoop } = await import('#lib/runner/loop.ts');
  startLoop();
  drainOnSignals();
}
