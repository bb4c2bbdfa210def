/** Settings of a server whose data nobody will miss: faster by not waiting for the disk. */
export const THROWAWAY_SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' } as const;
