import { testShare } from './seeds.ts';

testShare(3);
