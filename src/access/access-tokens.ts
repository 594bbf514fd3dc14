/** Access tokens: signed and short-lived. What their account may do is not in them, so that a change counts at once. */
import { errors, jwtVerify, SignJWT } from 'jose';
import type { AccessPorts, Place } from './items.ts';
import { idPattern } from './secrets.ts';
import { algorithm, createSigningKeys } from './signing-keys.ts';

export const ACCESS_MS = 600_000;
const issuer = 'fanfold';
const typ = 'at+jwt';
const tokenPattern = /^[\w-]{1,512}\.[\w-]{1,1024}\.[\w-]{1,512}$/;

export interface AccessClaims {
  readonly account: string;
  readonly epoch: number;
  /** The sign-in that it came from. */
  readonly signIn: string;
}

export interface AccessTokens {
  issue(claims: AccessClaims): Promise<{ readonly token: string; readonly expiresAt: number }>;
  /** Undefined: it is none of ours, or its time is over. */
  read(token: string): Promise<AccessClaims | undefined>;
}

export function createAccessTokens(ports: AccessPorts, place: Place): AccessTokens {
  const keys = createSigningKeys(ports, place);
  const audience = place.namespace;
  return {
    async issue({ account, epoch, signIn }) {
      const { id, secret } = await keys.current();
      const now = ports.clock.now();
      const expiresAt = now + ACCESS_MS;
      const token = await new SignJWT({ epoch, sid: signIn })
        .setProtectedHeader({ alg: algorithm, kid: id, typ })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(account)
        .setIssuedAt(Math.floor(now / 1000))
        .setExpirationTime(Math.floor(expiresAt / 1000))
        .sign(secret);
      return { token, expiresAt };
    },
    async read(token) {
      if (!tokenPattern.test(token)) return undefined;
      try {
        const { payload } = await jwtVerify(token, async ({ kid }) => openKey(kid), {
          algorithms: [algorithm],
          issuer,
          audience,
          typ,
          requiredClaims: ['sub', 'iat', 'exp', 'epoch', 'sid'],
          currentDate: new Date(ports.clock.now()),
        });
        return claimsOf(payload);
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
  };

  async function openKey(id: string | undefined) {
    const key = id !== undefined && idPattern.test(id) ? await keys.find(id) : undefined;
    if (key === undefined) throw new errors.JWSInvalid('no key of ours');
    return key.open;
  }
}

function claimsOf({ sub, epoch, sid }: Readonly<Record<string, unknown>>) {
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof epoch !== 'number')
    return undefined;
  return { account: sub, epoch, signIn: sid };
}
