import type { NextConfig } from 'next';

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  typedRoutes: true,
  // `next dev` would write a rules file into the tree.
  agentRules: false,
  devIndicators: false,
  // These are not packed: they load files that lie beside them, or are only reached through instrumentation.ts.
  serverExternalPackages: ['pg', 'exceljs', 'yauzl', '@electric-sql/pglite', '@electric-sql/pglite-tools'],
};

export default config;
