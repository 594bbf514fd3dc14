/** What goes on after a sign-in: refresh tokens, each good for once, and cookies of pages. */
import { recordsOf } from '../engine/records.ts';
import type { AccessPorts, Place, SignIn } from './items.ts';
import { kinds } from './items.ts';
import { hashOf, isSame, joinToken, newId, newSecret, splitToken, successorOf } from './secrets.ts';

export const SIGN_IN_MS = 30 * 86_400_000;
/** Whoever asks again so soon lost the answer, and gets the same one. */
const GRACE_MS = 10_000;

export interface Begun {
  readonly id: string;
  readonly token: string;
}

export type Refreshed =
  | { readonly kind: 'refreshed'; readonly begun: Begun; readonly signIn: SignIn }
  /** An old token came again: somebody else has it. The sign-in has ended, for both. */
  | { readonly kind: 'reused' }
  | { readonly kind: 'refused' };

export interface SignIns {
  begin(kind: SignIn['kind'], epoch: number, account?: string): Promise<Begun>;
  refresh(token: string): Promise<Refreshed>;
  /** What a cookie stands for. */
  ofCookie(token: string): Promise<{ readonly id: string; readonly signIn: SignIn } | undefined>;
  isOpen(id: string): Promise<boolean>;
  end(id: string): Promise<void>;
}

type Step = { readonly kind: 'rotate' | 'again' | 'reused' | 'refused' };

/** What becomes of a secret that came for a refresh. */
export function decideRefresh(signIn: SignIn | undefined, secret: string, now: number): Step {
  if (signIn === undefined || signIn.kind !== 'tokens') return { kind: 'refused' };
  if (signIn.ended === true || signIn.endsAt <= now) return { kind: 'refused' };
  const hash = hashOf(secret);
  if (isSame(hash, signIn.hash)) return { kind: 'rotate' };
  const isLast = signIn.before !== undefined && isSame(hash, signIn.before);
  if (isLast && now - signIn.rotatedAt <= GRACE_MS) return { kind: 'again' };
  return { kind: 'reused' };
}

export function createSignIns(ports: AccessPorts, place: Place): SignIns {
  const records = recordsOf<SignIn>(ports, place, kinds.signIn);
  const { clock } = ports;
  const isLive = (signIn: SignIn | undefined): signIn is SignIn =>
    signIn !== undefined && signIn.ended !== true && signIn.endsAt > clock.now();

  return {
    async begin(kind, epoch, account) {
      const [id, secret, now] = [newId(), newSecret(), clock.now()];
      const endsAt = now + SIGN_IN_MS;
      const signIn: SignIn = {
        ...(account !== undefined && { account }),
        epoch,
        kind,
        hash: hashOf(secret),
        rotatedAt: now,
        seed: newSecret(),
        endsAt,
      };
      await records.change(id, () => signIn, endsAt);
      return { id, token: joinToken(id, secret) };
    },
    async refresh(token) {
      const given = splitToken(token);
      if (given === undefined) return { kind: 'refused' };
      const { id, secret } = given;
      let step: Step = { kind: 'refused' };
      const found = (await records.find(id))?.data;
      if (found === undefined) return step as Refreshed;
      const next = successorOf(found.seed, secret);
      const after = await records.change(
        id,
        (before) => {
          step = decideRefresh(before, secret, clock.now());
          return before && stepped(step, before, next, clock.now());
        },
        found.endsAt,
      );
      const kind = (step as Step).kind;
      if (kind === 'reused' || kind === 'refused') return { kind };
      return {
        kind: 'refreshed',
        begun: { id, token: joinToken(id, next) },
        signIn: after ?? found,
      };
    },
    async ofCookie(token) {
      const given = splitToken(token);
      const signIn = given && (await records.find(given.id))?.data;
      if (given === undefined || !isLive(signIn) || signIn.kind !== 'cookie') return undefined;
      return isSame(hashOf(given.secret), signIn.hash) ? { id: given.id, signIn } : undefined;
    },
    async isOpen(id) {
      return isLive((await records.find(id))?.data);
    },
    async end(id) {
      await records.change(id, (before) => before && { ...before, ended: true });
    },
  };
}

function stepped(step: Step, before: SignIn, next: string, now: number): SignIn | undefined {
  if (step.kind === 'rotate')
    return { ...before, hash: hashOf(next), before: before.hash, rotatedAt: now };
  return step.kind === 'reused' ? { ...before, ended: true } : undefined;
}
