import { parseServedLine, type ServedEntry } from '../serving/served-log.ts';
import type { MarkedLog } from '../sources/marked-log.ts';
import { ServedFromArchive } from '../training/served-from-archive.ts';
import { GroupTally } from './group-tally.ts';
import { judgeRow, showReplayed } from './judge.ts';
import type { AnswerPlace, JudgedAnswer, Outcome, ProvenGroup } from './options.ts';
import type { AnsweredGroup, RowAnswer, ServedAnswers } from './served-answers.ts';

/** How many differences are kept. */
const DIFFERENCES_KEPT = 100;

/** Judges answers, counts what became of them, and keeps those that are to be shown. */
export class Proof {
  readonly differences: JudgedAnswer[] = [];
  /** The last answer that was judged, where all are to be shown. */
  shown: JudgedAnswer | null = null;
  readonly #answers: ServedAnswers;
  readonly #tallies: ReadonlyMap<AnsweredGroup, GroupTally>;
  readonly #showsAll: boolean;

  constructor(answers: ServedAnswers, groups: Iterable<AnsweredGroup>, showsAll: boolean) {
    this.#answers = answers;
    this.#tallies = new Map(Array.from(groups, (group) => [group, new GroupTally(group)]));
    this.#showsAll = showsAll;
  }

  get groups(): readonly ProvenGroup[] {
    return Array.from(this.#tallies.values(), ({ summary }) => summary);
  }

  /**
   * Judges the answers of rows of the log's groups. They pass through a replay in the order of their versions, side by
   * side with all partitions, for a version does not say of which one it is.
   */
  async judgeRows(
    log: MarkedLog,
    groups: readonly AnsweredGroup[],
    onRecords: (count: number) => void,
  ): Promise<void> {
    const replay = new ServedFromArchive(log, groups, onRecords);
    const places = new Map(groups.map(({ index }, place) => [index, place]));
    for await (const answer of this.#answers.ofRows(groups)) {
      const { version, knownAt } = answer;
      await replay.advanceWhile((at, time) => at < version || (at === version && time <= knownAt));
      const place = places.get(answer.group)!;
      this.#judgeRow(answer, replay, groups[place]!, place);
    }
    await replay.close();
  }

  /** Judges the answers of a group that are of no row. */
  async judgeNoRows(answered: AnsweredGroup): Promise<void> {
    const tally = this.#tallies.get(answered)!;
    for await (const answer of this.#answers.ofNoRow(answered)) {
      const { before, text } = answer;
      const outcome = before === null ? 'withoutRow' : 'different';
      tally.add(outcome);
      if (before === null && !this.#showsAll) continue;
      const problem =
        before === null ? null : `its entity had a row before, at ${before.file}:${before.line}`;
      this.#show(answer, parseServedLine(text), { outcome, problem, differing: [], replayed: null });
    }
  }

  #judgeRow(answer: RowAnswer, replay: ServedFromArchive, answered: AnsweredGroup, place: number): void {
    const { group, readEntry } = answered;
    const entry = parseServedLine(answer.text);
    const row = entry.row!;
    const values = readEntry(entry).values!;
    const latest = replay.latest[place]!;
    const replayed = latest.row(answer.entity, row.windowEnd);
    const { problem, compared, differing } = judgeRow(group, row, values, replayed);
    const tally = this.#tallies.get(answered)!;
    tally.addValues(compared, differing);
    const outcome = outcomeOf(problem, () =>
      replay.endsBefore(place, answer.entity, row.version, row.knownAt),
    );
    tally.add(outcome);
    if (outcome === 'proven' && !this.#showsAll) return;
    const beside = replayed ?? latest.latest(answer.entity);
    this.#show(answer, entry, {
      outcome,
      problem,
      differing,
      replayed: beside === null ? null : showReplayed(group, beside, values),
    });
  }

  #show(
    { file, line }: AnswerPlace,
    { group, groupVersion, entity, at, row }: ServedEntry,
    judged: Pick<JudgedAnswer, 'outcome' | 'problem' | 'differing' | 'replayed'>,
  ): void {
    const shown = { file, line, group, groupVersion, entity, at, ...judged, served: row };
    if (this.#showsAll) this.shown = shown;
    if (judged.outcome === 'different' && this.differences.length < DIFFERENCES_KEPT)
      this.differences.push(shown);
  }
}

function outcomeOf(problem: string | null, isBeyondEnd: () => boolean): Outcome {
  if (problem === null) return 'proven';
  return isBeyondEnd() ? 'beyondEnd' : 'different';
}
