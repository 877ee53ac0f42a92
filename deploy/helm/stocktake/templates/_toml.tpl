{{/*
A table of values as TOML: (dict "path" "http" "table" .Values.http). Helm's own toToml writes whole
numbers as floats, and keeps no order of tables.
*/}}
{{- define "stocktake.toml.table" -}}
{{- $path := .path -}}
{{- $table := .table -}}
{{- if $table }}
[{{ $path }}]
{{- range $key := keys $table | sortAlpha }}
{{- $value := get $table $key }}
{{- if not (or (kindIs "map" $value) (kindIs "invalid" $value)) }}
{{ include "stocktake.toml.key" $key }} = {{ include "stocktake.toml.value" $value }}
{{- end }}
{{- end }}
{{ range $key := keys $table | sortAlpha }}
{{- $value := get $table $key }}
{{- if and (kindIs "map" $value) $value }}
{{- include "stocktake.toml.table" (dict "path" (printf "%s.%s" $path (include "stocktake.toml.key" $key)) "table" $value) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "stocktake.toml.key" -}}
{{- if regexMatch "^[A-Za-z0-9_-]+$" . }}{{ . }}{{ else }}{{ toRawJson . }}{{ end }}
{{- end }}

{{/* JSON's strings and booleans are TOML's too. Every number of a values file is a float to Helm. */}}
{{- define "stocktake.toml.value" -}}
{{- if kindIs "slice" . -}}
[{{ range $place, $item := . }}{{ if $place }}, {{ end }}{{ include "stocktake.toml.value" $item }}{{ end }}]
{{- else if kindIs "float64" . -}}
{{- if eq . (floor .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- else -}}
{{ toRawJson . }}
{{- end }}
{{- end }}
