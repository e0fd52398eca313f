import type { Level } from "../../src/detect/incident.ts";
import { LocalHours } from "../../src/detect/local-hours.ts";
import { NO_PARTS, type UseParts } from "../../src/detect/minute-use.ts";
import { SeriesNode } from "../../src/detect/series-node.ts";
import {
  DEFAULT_DETECTION,
  settingsFor,
  type DetectionSettings,
} from "../../src/detect/settings.ts";

/** A series by itself, without a tree around it. */
export function aNode(
  level: Level,
  name: string,
  parent: SeriesNode | null = null,
  detection: DetectionSettings = DEFAULT_DETECTION,
): SeriesNode {
  const scope = level === "organisation" ? {} : { ...parent?.scope, [level]: name };
  const settings = settingsFor(detection, scope);
  const hours = parent?.hours ?? new LocalHours(settings);
  const node = new SeriesNode({ level, name, parent, scope, settings, hours, now: -1 });
  parent?.addChild(node);
  return node;
}

/** What a use says of its user's activity: by default nothing. */
export function parts(some: Partial<UseParts> = {}): UseParts {
  return { ...NO_PARTS, ...some };
}
