import { testShare } from './seeds.ts';

testShare(2);
