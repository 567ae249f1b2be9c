import { Float, type MapNode, type ScalarValue, Tagged, type YamlNode } from './node.ts';
import { isDate } from './scalar.ts';
import { isDateNode } from './value.ts';

/**
 * Numbers nodes: two of them have the same number exactly where `sameNode` holds of them. Takes time in proportion to
 * what the nodes hold; comparing each with each would not.
 */
export class NodeIds {
  readonly #ids = new Map<string, number>();

  of(node: YamlNode): number {
    if (node.kind === 'map') return this.#id(this.#mapText(node));
    if (node.kind === 'sequence')
      return this.#id(`l${node.items.map((item) => this.of(item)).join()}`);
    const { tag, value } = node;
    return this.#id(`s${tag.length} ${tag} ${isDateNode(node) ? 'date ' : ''}${valueText(value)}`);
  }

  /** The order of keys does not count. */
  #mapText({ entries }: MapNode): string {
    const texts = [...entries].map(([key, { keyValue, keyToken, value }]) => {
      const type = keyValue === undefined ? '' : valueText(keyValue);
      return `${JSON.stringify(key)} ${type} ${isDate(keyToken) ? 'date' : ''} ${this.of(value)}`;
    });
    return `m${texts.toSorted().join()}`;
  }

  #id(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) this.#ids.set(text, (id = this.#ids.size));
    return id;
  }
}

/** Type and content of a scalar: `1`, `1.0` and `"1"` are three. */
function valueText(value: ScalarValue): string {
  if (value instanceof Float)
    return `float ${Object.is(value.value, -0) ? '-0' : String(value.value)}`;
  if (value instanceof Tagged) return `tagged ${value.tag.length} ${value.tag} ${value.text}`;
  return `${typeof value} ${String(value)}`;
}
