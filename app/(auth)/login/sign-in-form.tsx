'use client';

import { CircleX, LoaderCircle } from 'lucide-react';
import { useActionState } from 'react';
import { Button } from '../../_components/button.tsx';
import { TextField } from '../../_components/text-field.tsx';
import { signInAction } from '../actions.ts';

/** E-mail and password. What was typed as e-mail stays after a wrong try; the error is read out. */
export function SignInForm({ next }: { next: string }) {
  const [result, submit, isPending] = useActionState(signInAction, {});
  const fields = result.validationErrors?.fieldErrors;
  const failure = result.serverError;
  return (
    <form action={submit} noValidate className="grid gap-4">
      <input type="hidden" name="next" value={next} />
      <TextField label="E-mail" name="email" type="email" autoComplete="username" isRequired keepsValue errors={fields?.email} />
      <TextField label="Password" name="password" type="password" autoComplete="current-password" isRequired errors={fields?.password} />
      <div aria-live="polite" className="-mb-4">
        {failure === undefined ? null : (
          <div className="mb-4 flex gap-2.5 rounded-lg border border-bad/40 bg-bad-wash p-3">
            <CircleX aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-bad" />
            <div>
              <p className="font-medium">{failure.title}</p>
              <p className="text-soft">{failure.detail === '' ? failure.hint : failure.detail}</p>
              {failure.code === 'SIGN_IN_FAILED' ? null : <p className="mt-1 font-mono text-xs text-soft">reference {failure.reference}</p>}
            </div>
          </div>
        )}
      </div>
      <Button type="submit" look="primary" disabled={isPending} className="w-full">
        {isPending ? <LoaderCircle aria-hidden="true" className="animate-spin" /> : null}
        {isPending ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  );
}
