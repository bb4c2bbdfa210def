// The API and sign-in server of the embedded project (@supabase/lite), as a process of its own: what it prints goes to
// supabase.log and not between the lines for people. Started by stack.ts, which sends the settings over the IPC channel.
import { serve } from '@hono/node-server';
import { App } from '@supabase/lite';
import { createPostgresConnection } from '@supabase/lite/postgres';
import * as z from 'zod';

const Settings = z.object({
  databaseUrl: z.string(),
  siteUrl: z.string(),
  jwtSecret: z.string(),
  publishableKey: z.string(),
  secretKey: z.string(),
});

process.once('message', (message) => void start(Settings.parse(message)));
process.once('disconnect', () => process.exit(0)); // whoever started this is gone

async function start(settings: z.infer<typeof Settings>): Promise<void> {
  const connection = createPostgresConnection({ url: settings.databaseUrl, postgresOptions: { onnotice: () => {} } });
  const app = new App({
    connection,
    studio: { enabled: false },
    api: { schemas: ['public', 'paliad'], extra_search_path: ['public', 'extensions'], max_rows: 1000 },
    auth: {
      enabled: true,
      jwt_secret: settings.jwtSecret,
      jwt_expiry: 3600,
      site_url: settings.siteUrl,
      enable_signup: false,
      minimum_password_length: 10,
      publishable_key: settings.publishableKey,
      secret_key: settings.secretKey,
      email: { enable_signup: false, enable_confirmations: false },
    },
  });
  await app.init();
  const fetch: Parameters<typeof serve>[0]['fetch'] = (request, bindings) =>
    app.fetch(request, { peerAddress: bindings.incoming.socket.remoteAddress ?? null });
  serve({ port: 0, hostname: '127.0.0.1', fetch }, ({ port }) => process.send?.({ port }));
}
