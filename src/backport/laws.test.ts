import { testLaws } from '../../test/support/law-runs.ts';
import { roughEdits, tellingEdits } from '../../test/support/law-suites.ts';

testLaws(roughEdits, 120);
testLaws(tellingEdits, 60);
