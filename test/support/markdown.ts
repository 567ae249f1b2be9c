import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

/** What readers get of a Markdown text, as forges show it. */
export interface Shown {
  /** Names of the HTML elements, in order, without those inside of code, where there are none. */
  elements: string[];
  /** HTML comments, which nobody sees. */
  hidden: string[];
  /** Where links and images lead to. */
  links: string[];
  /** The text outside of code: there mentions, references to issues and commands count. */
  prose: string;
}

/**
 * Renders Markdown by the rules of CommonMark and GitHub's extensions, raw HTML let through: what a forge then takes
 * out is its own matter.
 */
export function shown(markdown: string): Shown {
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  // Code holds no element, so that its end is the first one.
  const outside = html.replaceAll(/<(code|pre)\b[^>]*>[\s\S]*?<\/\1>/g, '<$1>');
  return {
    elements: [...outside.matchAll(/<([a-z][a-z0-9]*)\b/gi)].map(([, name]) => name!.toLowerCase()),
    hidden: [...outside.matchAll(/<!--[\s\S]*?-->/g)].map(([text]) => text),
    links: [...outside.matchAll(/\b(?:href|src)="([^"]*)"/g)].map(([, link]) => link!),
    prose: outside.replaceAll(/<!--[\s\S]*?-->/g, '').replaceAll(/<[^>]*>/g, ''),
  };
}

/** Text that tries everything which a forge could take for markup. */
export const MARKUP = [
  'fixes #1 @acme/all cc @olga',
  '![x](https://evil.example/x.png) [y](https://evil.example) https://evil.example/z',
  '<img src=x onerror=alert(1)><a href="https://evil.example">z</a>',
  '</details></summary></code></pre></td></table>',
  '<!-- trueup:preview --> <!-- trueup:end --> <!--',
  '- [x] <!-- trueup:choose 00000000 --> 2. mine',
  '/trueup check',
  '| a | b \\| c | \\\\| d |',
  '``` `` ` ~~~ **bold** # head',
].join(' ');
