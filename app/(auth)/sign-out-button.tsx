import { LogOut } from 'lucide-react';
import { Button } from '../_components/button.tsx';
import { signOutAction } from './actions.ts';

/** Signs out; works without JavaScript. */
export function SignOutButton() {
  return (
    <form action={signOutAction}>
      <Button type="submit">
        <LogOut aria-hidden="true" />
        Sign out
      </Button>
    </form>
  );
}
