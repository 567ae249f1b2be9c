import { diffLines } from './lines.ts';

/** More lines than people read; the API has them all. */
const MAX_LINES = 3_000;

/**
 * A unified diff, as text.
 * @param props.explain makes buttons of lines that stand in the tree before the change
 */
export function Diff(props: {
  text: string;
  label: string;
  explain?: (file: string, line: number) => void;
}) {
  const { text, label, explain } = props;
  const lines = diffLines(text);
  return (
    <div class="diff" role="group" aria-label={label}>
      {lines.slice(0, MAX_LINES).map(({ kind, text: each, file, before }, index) =>
        explain && file !== null && before !== null ? (
          <button
            key={index}
            type="button"
            class={`line ${kind}`}
            title="Where does this line come from?"
            onClick={() => explain(file, before)}
          >
            {each || ' '}
          </button>
        ) : (
          <span key={index} class={`line ${kind}`}>
            {each || ' '}
          </span>
        ),
      )}
      {lines.length > MAX_LINES && (
        <span class="line note">… {lines.length - MAX_LINES} more lines</span>
      )}
    </div>
  );
}
