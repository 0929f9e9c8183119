/** Names of the topics that workers of an app keep for themselves, beside the topics of their sources. */

/** The journal of the marks (see `Mark`) that the app's workers made in a source's topic, with the same partitions. */
export function journalTopic(app: string, topic: string): string {
  return `tidemark.${app}.${topic}.journal`;
}
