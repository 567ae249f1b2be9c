import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import type { Site } from '../../server/wire.ts';
import {
  counts,
  fleetFault,
  loading,
  onlyState,
  readFleet,
  search,
  shown,
  STATES,
  total,
  withAgents,
} from '../fleet.ts';
import { Contact } from '../parts/agent.tsx';
import { Badge, Commit, Fault, Time } from '../parts/bits.tsx';
import { follow } from '../resource.ts';
import { go } from '../route.ts';

/** Height of a row, as style.css has it, and rows that are there beyond what is seen (px). */
const ROW = 36;
const MARGIN = 8;
const TITLES = ['Name', 'State', 'Revision', 'Drift', 'Agent', 'Last applied', 'Next'];

/** Every site, however many there are. */
export function FleetPage() {
  useEffect(() => {
    document.title = 'Fleet · trueup';
    return follow(readFleet);
  }, []);
  return (
    <>
      <h1>Fleet</h1>
      <div class="filter" role="search">
        <label>
          Filter{' '}
          <input
            type="search"
            placeholder="name or label=value"
            value={search.value}
            onInput={(event) => {
              search.value = event.currentTarget.value;
            }}
          />
        </label>
        <div class="states" role="group" aria-label="State">
          {STATES.map((state) => (
            <button
              key={state}
              type="button"
              aria-pressed={onlyState.value === state}
              onClick={() => {
                onlyState.value = onlyState.value === state ? undefined : state;
              }}
            >
              <Badge state={state} /> {counts.value.get(state)}
            </button>
          ))}
        </div>
        <span role="status">
          {loading.value ? 'reading … ' : ''}
          {shown.value.length} of {total.value} sites
        </span>
      </div>
      <Fault text={fleetFault.value} />
      <Rows sites={shown.value} />
    </>
  );
}

/** The rows that can be seen; arrow keys move, Enter opens. */
function Rows({ sites }: { sites: Site[] }) {
  const top = useSignal(0);
  const height = useSignal(600);
  const active = useSignal(0);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const count = sites.length;
  const current = Math.min(active.value, Math.max(0, count - 1));
  const visible = Math.max(1, Math.floor(height.value / ROW) - 1);
  const first = Math.max(0, Math.min(Math.floor(top.value / ROW), count - visible) - MARGIN);
  const last = Math.min(count, first + visible + 2 * MARGIN + 2);

  const move = (to: number): void => {
    const next = Math.max(0, Math.min(count - 1, to));
    active.value = next;
    const element = box.current;
    if (!element) return;
    const body = element.clientHeight - ROW;
    if (next * ROW < element.scrollTop) element.scrollTop = next * ROW;
    if ((next + 1) * ROW > element.scrollTop + body) element.scrollTop = (next + 1) * ROW - body;
  };
  const moves: Record<string, number> = {
    ArrowDown: current + 1,
    ArrowUp: current - 1,
    PageDown: current + visible,
    PageUp: current - visible,
    Home: 0,
    End: count - 1,
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const site = sites[current];
    const to = moves[event.key];
    if (to !== undefined) move(to);
    else if (event.key === 'Enter' && site) go(addressOf(site));
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={box}
      class={withAgents.value ? 'rows agents' : 'rows'}
      role="grid"
      aria-label="Sites"
      aria-rowcount={count + 1}
      aria-activedescendant={count > 0 ? `row-${current}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onScroll={(event) => {
        top.value = event.currentTarget.scrollTop;
      }}
    >
      <div class="row head" role="row" aria-rowindex={1}>
        {TITLES.filter((title) => title !== 'Agent' || withAgents.value).map((title) => (
          <span key={title} role="columnheader">
            {title}
          </span>
        ))}
      </div>
      <div role="rowgroup" class="space" style={{ height: `${count * ROW}px` }}>
        {sites.slice(first, last).map((site, index) => (
          <Row key={site.name} site={site} at={first + index} active={first + index === current} />
        ))}
      </div>
    </div>
  );
}

function Row({ site, at, active }: { site: Site; at: number; active: boolean }) {
  const drifted = site.observed.digest !== null && site.observed.digest !== site.desired.digest;
  return (
    <div
      id={`row-${at}`}
      class={active ? 'row active' : 'row'}
      role="row"
      aria-rowindex={at + 2}
      style={{ top: `${at * ROW}px` }}
    >
      <span role="gridcell">
        <a href={addressOf(site)} tabIndex={-1}>
          {site.name}
        </a>
      </span>
      <span role="gridcell">
        <Badge state={site.state} />
      </span>
      <span role="gridcell">
        <Commit id={site.applied.revision} />
      </span>
      <span role="gridcell">{drifted ? 'edited' : ''}</span>
      {withAgents.value && (
        <span role="gridcell">{site.agent && <Contact agent={site.agent} />}</span>
      )}
      <span role="gridcell">
        <Time at={site.applied.at} />
      </span>
      <span role="gridcell" class="message" title={site.message}>
        {site.message}
      </span>
    </div>
  );
}

function addressOf({ name }: Site): string {
  return `/sites/${encodeURIComponent(name)}`;
}
