import { testLaws } from '../../test/support/law-runs.ts';
import { hiddenEdits } from '../../test/support/law-suites.ts';

testLaws(hiddenEdits('once'), 200, 3);
testLaws(hiddenEdits('reuse'), 200, 3);
