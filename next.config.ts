import type { NextConfig } from 'next';

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  typedRoutes: true,
  // forbidden(): people without the role get a page of their own with status 403. Called in lib/auth.ts only.
  experimental: { authInterrupts: true },
  // `next dev` would write a rules file into the tree.
  agentRules: false,
  devIndicators: false,
  // `npm run check` checks the types, of everything; the build would only do part of it again.
  typescript: { ignoreBuildErrors: true },
  // These are not packed: they load files that lie beside them, or are only reached through instrumentation.ts.
  serverExternalPackages: ['pg', 'exceljs', 'yauzl', '@electric-sql/pglite', '@electric-sql/pglite-tools'],
};

export default config;
