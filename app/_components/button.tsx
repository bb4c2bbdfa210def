import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';
import { classes } from '../_lib/classes.ts';

/** The looks of a button; `primary` is for the one main action of a page. */
export const buttonLook = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors select-none disabled:opacity-60 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      look: {
        primary: 'bg-accent text-on-accent hover:bg-accent-hover',
        plain: 'border bg-raised text-ink hover:bg-hover',
        bare: 'text-soft hover:bg-hover hover:text-ink',
      },
      size: { md: 'h-9 px-3.5', sm: 'h-8 px-2.5 text-sm', icon: 'size-8' },
    },
    defaultVariants: { look: 'plain', size: 'md' },
  },
);

type ButtonProps = ComponentProps<'button'> & VariantProps<typeof buttonLook>;

/** A button; `type` is `button` unless said otherwise. */
export function Button({ look, size, className, type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={classes(buttonLook({ look, size }), className)} {...rest} />;
}
