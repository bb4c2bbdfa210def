/** What the reader chose; `system` follows the operating system. */
export type Theme = 'light' | 'dark' | 'system';

/** Name of the cookie that keeps the choice. The server reads it before it draws, so that no page flashes in the other scheme. */
export const THEME_COOKIE = 'theme';

/** A cookie's text as a theme; anything unknown is `system`. */
export function parseTheme(text: string | undefined): Theme {
  return text === 'light' || text === 'dark' ? text : 'system';
}
