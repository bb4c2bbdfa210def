-- An account with a password, as Supabase's own sign-up makes it: $1 e-mail, $2 password. Gives its id; nothing when the e-mail is taken.
-- The token columns must be '' and not null, because Supabase Auth reads them so.
with account as (
  insert into auth.users (
    id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at,
    confirmation_token, recovery_token, email_change, email_change_token_new, email_change_token_current, phone_change,
    phone_change_token, reauthentication_token, is_sso_user, is_anonymous)
  select
    gen_random_uuid(), 'authenticated', 'authenticated', lower($1), extensions.crypt($2, extensions.gen_salt('bf', 10)), now(),
    '{"provider":"email","providers":["email"]}', '{}', now(), now(), '', '', '', '', '', '', '', '', false, false
  where not exists (select from auth.users u where u.email = lower($1))
  returning id, email)
insert into auth.identities (id, provider, provider_id, user_id, identity_data, last_sign_in_at, created_at, updated_at)
select
  gen_random_uuid(), 'email', id::text, id,
  jsonb_build_object('sub', id::text, 'email', email, 'email_verified', true, 'phone_verified', false), now(), now(), now()
from account
returning user_id
