'use client';

import './globals.css';
import { Button } from './_components/button.tsx';

/** The last resort: even the frame of the page could not be drawn. */
export default function GlobalError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Something went wrong · Backup Mode</title>
        <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center px-5">
          <h1 className="text-xl font-semibold tracking-tight">The console could not be drawn.</h1>
          <p className="mt-2 text-soft">Backups go on without it. Try again; if it stays, the server’s log says more.</p>
          {error.digest === undefined ? null : <p className="mt-3 font-mono text-sm text-soft">reference {error.digest}</p>}
          <div className="mt-6">
            <Button onClick={reset}>Try again</Button>
          </div>
        </main>
      </body>
    </html>
  );
}
