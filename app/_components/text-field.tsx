'use client';

import { useId, useState } from 'react';
import { classes } from '../_lib/classes.ts';

type TextFieldProps = {
  label: string;
  name: string;
  type?: 'text' | 'email' | 'password';
  autoComplete?: string;
  hint?: string;
  maxLength?: number;
  isRequired?: boolean;
  /** Keeps what was typed when the form comes back with an error (React empties a form after its action). */
  keepsValue?: boolean;
  errors?: readonly string[] | undefined;
};

/** A labelled text field with its hint and errors, tied together for screen readers. */
export function TextField({
  label,
  name,
  type = 'text',
  autoComplete,
  hint,
  maxLength,
  isRequired = false,
  keepsValue = false,
  errors = [],
}: TextFieldProps) {
  const id = useId();
  const [kept, setKept] = useState('');
  const isInvalid = errors.length > 0;
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        name={name}
        type={type}
        autoComplete={autoComplete}
        maxLength={maxLength}
        required={isRequired}
        aria-invalid={isInvalid || undefined}
        aria-describedby={hint === undefined && !isInvalid ? undefined : `${id}-about`}
        {...(keepsValue ? { value: kept, onChange: (event) => setKept(event.currentTarget.value) } : {})}
        className={classes('h-9 w-full rounded-lg border border-edge bg-canvas px-3 text-base max-md:text-lg', isInvalid && 'border-bad')}
      />
      <p id={`${id}-about`} className={classes('text-sm empty:hidden', isInvalid ? 'text-bad' : 'text-soft')}>
        {isInvalid ? errors.join(' ') : hint}
      </p>
    </div>
  );
}
