import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge'
import {
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  VizLegendOptionsBuilder,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type Dashboard,
  type DashboardBuilder,
  type Panel,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

/** Whichever Prometheus is chosen at the top: the dashboard can be imported anywhere. */
export const prometheus: DataSourceRef = { type: 'prometheus', uid: '$datasource' }

type Look = {
  title: string
  description?: string
  /** Grafana's name of a unit: `s`, `percentunit`, `reqps`, `locale`. */
  unit: string
  decimals?: number
  /** Legend → PromQL. */
  queries: Record<string, string>
  /** Of 24 columns. */
  width: number
}

/** One figure over the whole time shown. */
export function stat(look: Look): StatBuilder {
  return common(new StatBuilder(), look, 'instant')
    .height(5)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Background)
    .orientation(VizOrientation.Auto)
    .reduceOptions(last())
}

/** How it went over time, with the limit as a dashed line. */
export function curves(look: Look & { limit?: ThresholdsConfigBuilder }): TimeseriesBuilder {
  const panel = common(new TimeseriesBuilder(), look, 'range')
    .height(10)
    .min(0)
    .lineWidth(2)
    .fillOpacity(4)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['max', 'lastNotNull'])
        .sortBy('Max')
        .sortDesc(true),
    )
  if (look.limit === undefined) return panel
  const dashed = new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.DashedAndArea)
  return panel.thresholds(look.limit).thresholdsStyle(dashed)
}

export function text(look: { title: string; content: string; width: number }): TextBuilder {
  return new TextBuilder()
    .title(look.title)
    .mode(TextMode.Markdown)
    .content(look.content)
    .span(look.width)
    .height(5)
}

/** A bar a series, for comparing them. */
export function gauges(look: Look): BarGaugeBuilder {
  return common(new BarGaugeBuilder(), look, 'instant').height(10).min(0).reduceOptions(last())
}

/** Red from the limit on. */
export const atMost = (limit: number) => colours(['green', null], ['red', limit])

/** Red below the limit. */
export const atLeast = (limit: number) => colours(['red', null], ['green', limit])

/** Colour and the value from which on it holds; null is from the beginning. */
export function colours(...steps: [colour: string, from: number | null][]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(([color, value]) => ({ color, value })))
}

export type Row = { title: string; panels: { build(): Panel }[] }

/** Puts the rows one below the other and gives every panel an id of its own; the SDK gives none. */
export function layOut(dashboard: DashboardBuilder, rows: Row[]): Dashboard {
  let id = 0
  const next = () => ++id
  for (const { title, panels } of rows) {
    dashboard.withRow(new RowBuilder(title).id(next()))
    for (const panel of panels) {
      const built = { ...panel.build(), id: next() }
      dashboard.withPanel({ build: () => built })
    }
  }
  return dashboard.build()
}

type Common<Self> = {
  title(text: string): Self
  description(text: string): Self
  datasource(source: DataSourceRef): Self
  unit(unit: string): Self
  decimals(decimals: number): Self
  span(columns: number): Self
  withTarget(query: DataqueryBuilder): Self
}

function common<Self extends Common<Self>>(panel: Self, look: Look, kind: 'instant' | 'range'): Self {
  panel.title(look.title).datasource(prometheus).unit(look.unit).span(look.width)
  if (look.description !== undefined) panel.description(look.description)
  if (look.decimals !== undefined) panel.decimals(look.decimals)
  Object.entries(look.queries).forEach(([legend, expression], index) => {
    const query = new DataqueryBuilder().expr(expression).legendFormat(legend).datasource(prometheus)
    panel.withTarget(query.refId(String.fromCharCode(65 + index))[kind]())
  })
  return panel
}

const last = () => new ReduceDataOptionsBuilder().calcs(['lastNotNull'])
