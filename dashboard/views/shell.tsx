import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { address, to } from '../live/address.ts';
import { callerName, known, look, may, signedOut, signOut } from '../live/caller.ts';
import { helpIsOpen, keys } from '../live/keys.ts';
import { notice } from '../live/server.ts';
import { setTheme, type Theme, theme, themes } from '../live/theme.ts';
import { Dialog } from '../parts/dialog.tsx';
import { AuditView } from './audit.tsx';
import { Failures } from './failures.tsx';
import { GridView } from './grid.tsx';
import { Mark } from './mark.tsx';
import { OverviewPage } from './overview.tsx';
import { Run } from './run.tsx';
import { Runners } from './runners.tsx';
import { Runs } from './runs.tsx';
import { Schedules } from './schedules.tsx';
import { SignIn } from './sign-in.tsx';
import { Start } from './start.tsx';

const places = [
  ['overview', 'Overview', 'viewer'],
  ['runs', 'Runs', 'viewer'],
  ['failures', 'Failures', 'viewer'],
  ['schedules', 'Schedules', 'viewer'],
  ['runners', 'Runners', 'viewer'],
  ['audit', 'Audit', 'admin'],
  ['start', 'Start a run', 'author'],
] as const;

export function Shell() {
  useEffect(() => void look(), []);
  const caller = known.value;
  if (caller === undefined) return null;
  return caller === signedOut ? <SignIn /> : <Frame />;
}

function Frame() {
  const [place = 'overview', id, tab] = address.value.path;
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Go to the content
      </button>
      <header class="top">
        <a class="brand" href={to(['overview'])}>
          <Mark /> Fanfold
        </a>
        <nav aria-label="Main">
          {places
            .filter(([, , role]) => may(role))
            .map(([name, title]) => (
              <a key={name} href={to([name])} aria-current={name === place ? 'page' : undefined}>
                {title}
              </a>
            ))}
        </nav>
        <span class="group push">
          <label class="theme">
            <span class="unseen">Colours</span>
            <select
              value={theme.value}
              onChange={(event) => setTheme(event.currentTarget.value as Theme)}
            >
              {themes.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          <button
            type="button"
            class="icon"
            aria-label="Keys"
            onClick={() => {
              helpIsOpen.value = true;
            }}
          >
            ?
          </button>
          {callerName() !== undefined && (
            <button
              type="button"
              class="button"
              title={`Signed in as ${callerName()}`}
              onClick={() => void signOut()}
            >
              Sign out
            </button>
          )}
        </span>
      </header>
      <main id="main" tabIndex={-1}>
        {content(place, id, tab)}
      </main>
      <div class="notices" role="status">
        {notice.value !== undefined && (
          <p class={notice.value.isBad ? 'notice bad' : 'notice'}>{notice.value.text}</p>
        )}
      </div>
      {helpIsOpen.value && <Help />}
    </>
  );
}

/** Not a link: the address says what is shown. */
const skip = (): void => document.getElementById('main')?.focus();

const screens: Readonly<Record<string, (id?: string, tab?: string) => ComponentChildren>> = {
  overview: () => <OverviewPage />,
  runs: (id, tab) => (id === undefined ? <Runs /> : <Run key={id} id={id} tab={tab} />),
  workflows: (name) => (name === undefined ? <Runs /> : <GridView key={name} workflow={name} />),
  failures: () => <Failures />,
  schedules: (name) => <Schedules name={name} />,
  runners: () => <Runners />,
  audit: () => (may('admin') ? <AuditView /> : <Nothing />),
  start: () => (may('author') ? <Start /> : <Nothing />),
};

const content = (place: string, id?: string, tab?: string): ComponentChildren =>
  Object.hasOwn(screens, place) ? screens[place]?.(id, tab) : <Nothing />;

const Nothing = () => (
  <section class="page">
    <h1>Nothing is here</h1>
    <p>
      <a href={to(['overview'])}>Overview</a>
    </p>
  </section>
);

function Help() {
  const close = () => {
    helpIsOpen.value = false;
  };
  return (
    <Dialog title="Keys" onClose={close}>
      <dl class="facts">
        {keys.map(([key, word]) => (
          <>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{word}</dd>
          </>
        ))}
      </dl>
      <div class="bar end">
        <button type="button" class="button" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
