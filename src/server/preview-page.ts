import { html } from 'hono/html';

import type { FileDifference, PreviewGroup } from '../model/preview.ts';
import { formatProblem } from '../model/problem.ts';
import type { PreviewRow } from '../store/rows.ts';

type Html = ReturnType<typeof html>;

/** Everything that is known of a preview, as a page without style or script. Whatever it names is text. */
export async function previewPage(row: PreviewRow): Promise<string> {
  const { number, title, url, head, baseCommit, revision, report, check } = row;
  const { problems, failing, groups, added, removed, changed, total } = report;
  const link = /^https?:\/\//.test(url) ? html`<a href="${url}">#${number}</a>` : html`#${number}`;
  const faults = [
    ...problems.map((problem) => html`<li><code>${formatProblem(problem)}</code></li>`),
    ...failing.flatMap(({ problems: why, sites }) =>
      why.map(
        (problem) => html`<li><code>${formatProblem(problem)}</code> at ${sites.join(', ')}</li>`,
      ),
    ),
  ];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Preview of #${number}: ${title}</title>
      </head>
      <body>
        <h1>Preview of ${link}: ${title}</h1>
        <p>
          What merging <code>${head}</code> into <code>${baseCommit}</code> would change beside the
          revision in force, <code>${revision || 'none'}</code>.
        </p>
        <p>${changed} of ${Math.max(total, changed)} sites change.</p>
        ${
          faults.length > 0
            ? section(
                'Does not render',
                html`<ul>
                  ${faults}
                </ul>`,
              )
            : ''
        }
        ${added.length > 0 ? section(`${added.length} come`, html`<p>${added.join(', ')}</p>`) : ''}
        ${removed.length > 0 ? section(`${removed.length} go`, html`<p>${removed.join(', ')}</p>`) : ''}
        ${check ? section('Check run', html`<pre>${JSON.stringify(check, null, 2)}</pre>`) : ''}
        ${groups.map(groupHtml)}
        ${report.cut ? html`<p>There is more than is kept here: the rest is left out.</p>` : ''}
      </body>
    </html>`;
  return (await page).toString();
}

function section(title: string, content: Html): Html {
  return html`<h2>${title}</h2>
    ${content}`;
}

function groupHtml({ sites, files }: PreviewGroup): Html {
  return html`<section>
    <h2>${sites.length} ${sites.length === 1 ? 'site' : 'sites'}</h2>
    <p>${sites.join(', ')}</p>
    ${files.map(fileHtml)}
  </section>`;
}

function fileHtml(file: FileDifference): Html {
  const what =
    file.before === null
      ? 'comes'
      : file.after === null
        ? 'goes'
        : `${file.before} → ${file.after}`;
  const notes = [
    file.before === file.after ? '' : what,
    file.binary ? 'binary' : '',
    file.secret ? 'a secret changes' : '',
    file.cut ? 'not shown whole' : '',
  ].filter(Boolean);
  return html`<h3><code>${file.path}</code></h3>
    ${notes.length > 0 ? html`<p>${notes.join(', ')}</p>` : ''}
    ${file.patch === '' ? '' : html`<pre>${file.patch}</pre>`}`;
}
