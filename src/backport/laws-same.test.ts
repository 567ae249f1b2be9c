import { testLaws } from '../../test/support/law-runs.ts';
import { noEdits, twice } from '../../test/support/law-suites.ts';

testLaws(noEdits, 900);
testLaws(twice, 150);
