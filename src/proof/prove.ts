import { loadDefinitions } from '../definitions/load.ts';
import { assertRunnable } from '../definitions/runnable.ts';
import { selectGroups } from '../definitions/select-groups.ts';
import { ArchiveMeter } from '../replay/archive-meter.ts';
import { ServedLogReader } from '../serving/served-log-reader.ts';
import { isArchivedTopic, ServedTopicReader } from '../serving/served-log-topic.ts';
import { ScratchDatabase } from '../sinks/scratch-database.ts';
import { openArchive } from '../sources/archive-reader.ts';
import { MarkedLog } from '../sources/marked-log.ts';
import type { ProofSummary, ProveOptions } from './options.ts';
import { Proof } from './proof.ts';
import { ServedAnswers } from './served-answers.ts';

/** Answers between two looks at progress. */
const READ_STEP = 1000;

/**
 * `tidemark prove`: holds each answer of a served log against what the log makes of its entity at exactly the position
 * that the answer claims.
 *
 * An answer of a row is right when this row of the window is what the log, taken in up to its version, makes of it: which
 * of the revisions a store is sent is up to the worker, but each is one that a replay makes, and an earlier window is no
 * answer unless later ones are deleted or expire. An answer of no row is right unless an earlier one was of a row.
 *
 * @throws TidemarkError when the definitions, the served log or the archive are not usable
 */
export async function prove(options: ProveOptions): Promise<ProofSummary> {
  const { signal, answer: only } = options;
  const definitions = await loadDefinitions(options.definitionsFile);
  const served = isArchivedTopic(options.served)
    ? await ServedTopicReader.open(options.served)
    : new ServedLogReader(options.served);
  const archive = await openArchive(options.from, { skipCorrupt: options.skipCorrupt });
  const database = await ScratchDatabase.create();
  try {
    const onAnswer = answerCounter(options);
    const answers = await ServedAnswers.load(database, served, selectGroups(definitions, null), {
      only,
      onAnswer,
    });
    const groups = await answers.judgedGroups();
    for (const { group } of groups) assertRunnable(group, definitions.file);
    const sources = [...new Set(groups.map(({ group }) => group.source))];
    const logs = sources.map((source) => new MarkedLog(archive, source, options.journal));
    const meter = new ArchiveMeter(archive, sources, { signal, onProgress: options.onReplay });
    const proof = new Proof(answers, groups, only !== null);
    for (const log of logs) {
      const mine = groups.filter(({ group }) => group.source === log.source);
      await proof.judgeRows(log, mine, (records) => meter.add(records));
    }
    for (const group of groups) await proof.judgeNoRows(group);
    const judged = proof.groups;
    const others = answers.others.all;
    return {
      answers: [...judged, ...others].reduce((sum, each) => sum + each.answers, 0),
      isProven:
        others.length === 0 && judged.every(({ different, beyondEnd }) => different + beyondEnd === 0),
      groups: judged,
      others,
      differences: proof.differences,
      answer: proof.shown,
      torn: served.torn,
      corruptPlaces: archive.skips.damagedPlaces,
    };
  } finally {
    database.close();
  }
}

function answerCounter({ signal, onRead }: ProveOptions): () => void {
  let done = 0;
  return () => {
    if (++done % READ_STEP !== 0) return;
    signal.throwIfAborted();
    onRead({ done, total: null });
  };
}
