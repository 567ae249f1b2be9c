import { render } from 'preact';

import { App } from './app.tsx';
import { listen } from './live.ts';
import { followLinks } from './route.ts';

followLinks();
void listen();
render(<App />, document.querySelector('#app')!);
