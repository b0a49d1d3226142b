// Grafana's own types of what the committed JSON holds. The JSON has enums as plain text and numbers,
// and panels leave their options open there: here each kind of panel has its own.
import type { Dashboard, FieldConfig, FieldConfigSource, Panel, VariableModel } from '@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen';
import type { Options as NodeGraph } from '@grafana/schema/dist/esm/raw/composable/nodegraph/panelcfg/x/NodeGraphPanelCfg_types.gen';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { FieldConfig as TableField, Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { FieldConfig as SeriesField, Options as Series } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

export type Plain<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}` ? N : number
    : T extends (infer U)[]
      ? Plain<U>[]
      : T extends object
        ? { [K in keyof T]: Plain<T[K]> }
        : T;

interface Sql {
  datasource: { type: 'grafana-postgresql-datasource'; uid: string };
  editorMode: 'code' | 'builder';
  format: 'table' | 'time_series';
  rawQuery: boolean;
  rawSql: string;
  refId: string;
}
interface Promql {
  datasource: { type: 'prometheus'; uid: string };
  expr: string;
  instant: boolean;
  legendFormat: string;
  range: boolean;
  refId: string;
}
type Of<Kind extends string, O, F> = Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Kind;
  targets: (Sql | Promql)[];
  options?: O;
  fieldConfig?: Omit<FieldConfigSource, 'defaults'> & { defaults: Omit<FieldConfig, 'custom'> & { custom?: F } };
};
type AnyPanel =
  | Of<'nodeGraph', NodeGraph, never>
  | Of<'stat', Partial<Stat>, never>
  | Of<'table', Partial<Table>, Partial<TableField>>
  | Of<'timeseries', Partial<Series>, SeriesField>;
export type Shape = Plain<
  Omit<Dashboard, 'panels' | 'templating'> & { panels: AnyPanel[]; templating: { list: VariableModel[] } }
>;
