import { testLaws } from '../../test/support/law-runs.ts';
import { freeEdits } from '../../test/support/law-suites.ts';

testLaws(freeEdits('once'), 200, 4);
testLaws(freeEdits('reuse'), 200, 4);
