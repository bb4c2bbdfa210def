import './globals.css';
import { CSPProvider } from '@base-ui/react/csp-provider';
import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';
import { MomentProvider } from './_components/moment.tsx';
import { ReaderProvider } from './_components/reader.tsx';
import { Toasts } from './_components/toasts.tsx';
import { readerLocale } from './_lib/locale.ts';
import { parseTheme, THEME_COOKIE } from './_lib/theme.ts';

/** Every page is somebody's own, and its nonce is fresh: nothing is drawn ahead of a request. */
export const dynamic = 'force-dynamic';

export const metadata: Metadata = {
  title: { default: 'Backup Mode', template: '%s · Backup Mode' },
  description: 'Backups of your database as one workbook that anyone can open.',
  icons: { icon: '/icon.svg' },
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#ffffff' },
    { media: '(prefers-color-scheme: dark)', color: '#09090b' },
  ],
};

/** The frame of every page. Reads the theme cookie, so that the first paint already has the reader's scheme. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const [cookieStore, headerStore, locale] = await Promise.all([cookies(), headers(), readerLocale()]);
  const theme = parseTheme(cookieStore.get(THEME_COOKIE)?.value);
  return (
    <html
      lang="en"
      data-theme={theme === 'system' ? undefined : theme}
      className={`${GeistSans.variable} ${GeistMono.variable}`}
      suppressHydrationWarning
    >
      <body className="min-h-dvh">
        <CSPProvider nonce={headerStore.get('x-nonce') ?? undefined}>
          <ReaderProvider locale={locale} nowMs={Date.now()}>
            <MomentProvider>
              <div className="isolate">{children}</div>
            </MomentProvider>
          </ReaderProvider>
        </CSPProvider>
        <Toasts />
      </body>
    </html>
  );
}
