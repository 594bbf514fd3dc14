import { registerHooks } from 'node:module';

const isSource = import.meta.url.endsWith('.ts');
const own = new URL(isSource ? '../src/index.ts' : './index.mjs', import.meta.url).href;

/** From now on modules that import `fanfold` where none is installed get the one that runs them. */
export function offerOwnPackage(): void {
  registerHooks({
    resolve(specifier, context, resolveNext) {
      try {
        return resolveNext(specifier, context);
      } catch (error) {
        if (specifier !== 'fanfold') throw error;
        return { url: own, shortCircuit: true };
      }
    },
  });
}
