'use server';

import { redirect } from 'next/navigation';
import * as z from 'zod';
import { formOf, publicAction } from '#lib/action.ts';
import { signIn, signOut } from '#lib/auth.ts';
import { safePath } from '../_lib/safe-path.ts';

const SignInForm = formOf(
  z.object({
    email: z.email('Enter an e-mail address, like name@example.org.').max(320),
    password: z.string().min(1, 'Enter your password.').max(1_000),
    next: z.string().optional(),
  }),
);

/** Signs in and goes back to where the person wanted to be. */
export const signInAction = publicAction
  .metadata({ action: 'sign_in' })
  .inputSchema(SignInForm)
  .stateAction(async ({ parsedInput }) => {
    await signIn(parsedInput.email, parsedInput.password);
    redirect(safePath(parsedInput.next));
  });

/** Signs out and goes to the sign-in. */
export async function signOutAction(): Promise<void> {
  await signOut();
  redirect('/login');
}
