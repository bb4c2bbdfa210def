'use client';

import { Menu } from '@base-ui/react/menu';
import { Check, LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { useEffect, useState, useTransition } from 'react';
import { parseTheme, THEME_COOKIE, type Theme } from '../../_lib/theme.ts';
import { signOutAction } from '../../(auth)/actions.ts';
import { AccountLabel } from './account-button.tsx';
import { railItem } from './rail-link.tsx';

const CHOICES = [
  { theme: 'light', label: 'Light', Icon: Sun },
  { theme: 'dark', label: 'Dark', Icon: Moon },
  { theme: 'system', label: 'System', Icon: Monitor },
] as const;

const ITEM =
  'flex h-9 w-full cursor-pointer items-center gap-2.5 rounded-md px-2.5 outline-none select-none data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:text-soft';

/** The open menu of the account: the colour scheme, and the way out. Opens as soon as it is there. */
export function AccountMenu({ email }: { email: string }) {
  const [theme, choose] = useTheme();
  const [, startTransition] = useTransition();
  return (
    <Menu.Root defaultOpen>
      <Menu.Trigger className={railItem()} aria-label={`Account of ${email}`}>
        <AccountLabel email={email} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner side="top" align="start" sideOffset={8} collisionPadding={12} className="z-50">
          <Menu.Popup className="w-60 rounded-lg border bg-raised p-1.5 text-ink outline-none transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0">
            <p className="truncate px-2.5 py-1.5 text-sm text-soft" title={email}>
              {email}
            </p>
            <Menu.Separator className="-mx-1.5 my-1.5 h-px bg-line" />
            <Menu.RadioGroup value={theme} onValueChange={(value) => choose(parseTheme(String(value)))} aria-label="Colour scheme">
              {CHOICES.map(({ theme: choice, label, Icon }) => (
                <Menu.RadioItem key={choice} value={choice} closeOnClick={false} className={ITEM}>
                  <Icon aria-hidden="true" />
                  <span className="flex-1">{label}</span>
                  <Menu.RadioItemIndicator>
                    <Check aria-hidden="true" />
                  </Menu.RadioItemIndicator>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <Menu.Separator className="-mx-1.5 my-1.5 h-px bg-line" />
            <Menu.Item className={ITEM} onClick={() => startTransition(() => signOutAction())}>
              <LogOut aria-hidden="true" />
              Sign out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

const YEAR_SECONDS = 31_536_000;

/** The chosen scheme, kept in a cookie that the server reads before it draws. */
function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>('system');
  useEffect(() => setTheme(parseTheme(document.documentElement.dataset.theme)), []);
  function choose(next: Theme) {
    setTheme(next);
    if (next === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox before 140 and on plain http.
    document.cookie = `${THEME_COOKIE}=${next}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  }
  return [theme, choose];
}
