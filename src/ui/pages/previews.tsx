import { useEffect } from 'preact/hooks';

import type { Page, Preview } from '../../server/wire.ts';
import { Badge, Commit, Fault, Time } from '../parts/bits.tsx';
import { useResource } from '../resource.ts';

/** Pull requests, and whether it is known what they would change. */
export function PreviewsPage() {
  const { data, fault } = useResource<Page<Preview>>('/previews?limit=200');
  useEffect(() => {
    document.title = 'Previews · trueup';
  }, []);
  return (
    <>
      <h1>Previews</h1>
      <Fault text={fault.value} />
      <table>
        <thead>
          <tr>
            <th>Number</th>
            <th>Title</th>
            <th>State</th>
            <th>Author</th>
            <th>Head</th>
            <th>Updated</th>
          </tr>
        </thead>
        <tbody>
          {data.value?.items.map((preview) => (
            <tr key={preview.number}>
              <td>#{preview.number}</td>
              <td>
                <a href={`/previews/${preview.number}`}>{preview.title}</a>
              </td>
              <td>
                <Badge state={preview.state} />
              </td>
              <td>{preview.author}</td>
              <td>
                <Commit id={preview.head} />
              </td>
              <td>
                <Time at={preview.updatedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.value?.items.length === 0 && (
        <p class="faint">No pull request touches the plan at present.</p>
      )}
    </>
  );
}
