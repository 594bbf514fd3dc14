/** Words of sign-in: who may do what. Times: epoch ms. */
import * as z from 'zod';
import { isAtLeast, type Role as RoleWord, roles } from './role.ts';

export { isAtLeast, roles };
export const Role = z.enum(roles);
export type Role = RoleWord;

/** What an operation asks of its caller. */
export type Right = 'anyone' | 'signed-in' | Role;

export const accountPattern = /^[a-z0-9][a-z0-9._@+-]{0,127}$/;
export const AccountName = z
  .string()
  .regex(
    accountPattern,
    'a name has lower-case letters, digits, ".", "_", "@", "+" and "-", at most 128, and begins with a letter or digit',
  );

export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;
const Password = z
  .string()
  .min(PASSWORD_MIN, `a password has at least ${PASSWORD_MIN} characters`)
  .max(PASSWORD_MAX, `a password has at most ${PASSWORD_MAX} characters`);
/** One that is tried: of any length that is not absurd. */
const TriedPassword = z.string().min(1).max(1024);

export const SignInRequest = z.strictObject({
  name: z.string().min(1).max(128),
  password: TriedPassword,
  /** For a page in a browser: the answer sets a cookie that scripts cannot read, and has no tokens. */
  cookie: z.boolean().optional(),
});
export type SignInRequest = z.infer<typeof SignInRequest>;

export const RefreshRequest = z.strictObject({ refreshToken: z.string().min(1).max(512) });

export const PasswordRequest = z.strictObject({ password: TriedPassword, next: Password });
export type PasswordRequest = z.infer<typeof PasswordRequest>;

/** Roles by namespace; `*` is every namespace. */
export const Roles = z.record(
  z.string().regex(/^(\*|[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})$/, 'expected a namespace, or *'),
  Role,
);
export type Roles = z.infer<typeof Roles>;

/** Makes an account, or changes the fields that are given. A new one needs a password. */
export const AccountRequest = z.strictObject({
  password: Password.optional(),
  roles: Roles.optional(),
});
export type AccountRequest = z.infer<typeof AccountRequest>;

const KEY_DAYS_MAX = 3660;
export const ApiKeyRequest = z.strictObject({
  /** What it is for. */
  note: z.string().max(200).optional(),
  /** At most this, and never more than its account. Default: what its account may. */
  role: Role.optional(),
  days: z.int().min(1).max(KEY_DAYS_MAX).default(90),
});
export type ApiKeyRequest = z.infer<typeof ApiKeyRequest>;

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** When the access token ends. */
  readonly expiresAt: number;
}

export interface AccountView {
  readonly name: string;
  readonly roles: Roles;
  readonly createdAt: number;
}

export interface ApiKeyView {
  readonly id: string;
  readonly account: string;
  readonly note?: string;
  readonly role?: Role;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** `owner`: whoever can read the data folder. `open`: nobody is asked who they are. */
export type CallerKind = 'owner' | 'account' | 'key' | 'open';

export interface CallerView {
  readonly kind: CallerKind;
  readonly name: string;
  readonly namespace: string;
  readonly role?: Role;
}
