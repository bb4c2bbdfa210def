/** How the session's cookies are kept: the same wherever they are read or renewed. */
export function sessionCookieOptions(isHttps: boolean) {
  return { name: 'sb-auth', path: '/', sameSite: 'lax', httpOnly: true, secure: isHttps } as const;
}

/** A failure of the sign-in service itself, not of what was sent: no answer, or an answer of the 500s. Nobody is signed out by it. */
export function isOutage(error: { readonly name: string; readonly status?: number | undefined }): boolean {
  return error.name === 'AuthRetryableFetchError' || (error.status !== undefined && (error.status === 0 || error.status >= 500));
}
