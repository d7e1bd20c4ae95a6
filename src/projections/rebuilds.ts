/** Rebuilds of views by the name of their projection, one at a time: two would slow each other and everybody else. */
import { type RebuildOptions, type RebuildSources, rebuild } from './kernel/rebuild.js';
import type { RebuildReport } from './kernel/rebuild-report.js';
import { allProjections } from './projections.js';

export class Rebuilds {
  private isBusy = false;

  constructor(private readonly sources: RebuildSources) {}

  async rebuild(name: string, options: RebuildOptions): Promise<RebuildReport | 'busy' | 'unknown-name'> {
    const projection = allProjections.find((one) => one.name === name);
    if (projection === undefined) return 'unknown-name';
    if (this.isBusy) return 'busy';
    this.isBusy = true;
    try {
      return await rebuild(this.sources, projection, options);
    } finally {
      this.isBusy = false;
    }
  }
}
