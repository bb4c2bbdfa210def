/** Starts the loop that makes the backups, inside this server. Next calls it once, before the first request; it does not wait. */
export async function register(): Promise<void> {
  // All inside the condition: Next also compiles this file for a runtime without processes, and leaves the block out there.
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { startLoop, stopLoop } = await import('#lib/runner/loop.ts');
    startLoop();
    // Next stops by itself meanwhile; a backup under way is handed back, so that the next start goes on with it at once.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stopLoop());
  }
}
