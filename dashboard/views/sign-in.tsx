import { useState } from 'preact/hooks';
import { signIn } from '../live/caller.ts';
import { messageOf } from '../live/server.ts';
import { Mark } from './mark.tsx';

export function SignIn() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const submit = async () => {
    try {
      setProblem(await signIn(name, password));
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <main class="door">
      <h1 class="brand">
        <Mark /> Fanfold
      </h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label class="field">
          Name
          <input
            required
            autocomplete="username"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          Password
          <input
            required
            type="password"
            autocomplete="current-password"
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="bar end">
          <button type="submit" class="button primary">
            Sign in
          </button>
        </div>
      </form>
      <p class="dim">
        On the machine of the server, <code>npx fanfold link</code> prints an address that signs you
        in without a password.
      </p>
    </main>
  );
}
