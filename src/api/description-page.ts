/** The description of the API as a page to read: one file, without scripts, which asks for nothing else. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Route } from './route.ts';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const schemaText = (schema: z.ZodType): string => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return escaped(JSON.stringify(rest, null, 2));
};

const details = (title: string, schema: z.ZodType | undefined): string =>
  schema === undefined
    ? ''
    : `<details><summary>${title}</summary><pre>${schemaText(schema)}</pre></details>`;

const hasFields = (schema: z.ZodType | undefined): boolean =>
  schema instanceof z.ZodObject && Object.keys(schema.shape).length > 0;

function section({ method, path, op, summary, right, body, query, status, answer }: Route): string {
  const asked = query as z.ZodType | undefined;
  return `<section id="${op}">
<h2><b>${method}</b> <code>${escaped(path.replace(/:(\w+)/g, '{$1}'))}</code></h2>
<p>${escaped(summary)}</p>
<p class="facts">${op} · takes: ${right} · answers ${status} ${escaped(answer)}</p>
${hasFields(asked) ? details('query', asked) : ''}${details('body', body?.schema)}
</section>`;
}

const style = `:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:0 auto;padding:1.5rem}h1{font-size:1.4rem}h2{font-size:1rem;margin:0}
section{padding:.8rem 0;border-top:1px solid color-mix(in srgb,currentColor 18%,transparent)}
p{margin:.2rem 0}.facts{opacity:.7;font-size:.87rem}code,pre{font-family:ui-monospace,monospace}
pre{overflow:auto;font-size:.8rem;padding:.6rem;background:color-mix(in srgb,currentColor 6%,transparent)}`;

const styleHash = createHash('sha256').update(style).digest('base64');

export function descriptionPage(routes: readonly Route[]): Response {
  const text = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Fanfold API</title><style>${style}</style></head><body>
<h1>Fanfold API</h1>
<p>The same as <a href="/v1/openapi.json">OpenAPI 3.1</a>. Refusals are <code>application/problem+json</code>.</p>
${routes.map(section).join('\n')}
</body></html>
`;
  return new Response(text, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
    },
  });
}
