{{- define "stocktake.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* At most 50, as the longest name that is made of it, NAME-config-check, is that of a job, which
becomes the value of a label: 63. */}}
{{- define "stocktake.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "stocktake.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "stocktake.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Of everything in the release: the NetworkPolicy stands on these. */}}
{{- define "stocktake.releaseLabels" -}}
app.kubernetes.io/name: {{ include "stocktake.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Of the pod that collects, and not of the one that tests. */}}
{{- define "stocktake.selectorLabels" -}}
{{ include "stocktake.releaseLabels" . }}
app.kubernetes.io/component: collector
{{- end }}

{{/* The labels of an object: (dict "root" $ "labels" …). A key stands there once, whoever gives it;
the chart's own go before all others. */}}
{{- define "stocktake.labels" -}}
{{- $chart := dict
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/managed-by" .root.Release.Service
-}}
{{- $release := include "stocktake.releaseLabels" .root | fromYaml -}}
{{- toYaml (merge $chart $release (.labels | default dict) .root.Values.commonLabels) }}
{{- end }}

{{/* Those of a pod: (dict "root" $ "component" …). Without versions, which would replace the pod. */}}
{{- define "stocktake.podLabels" -}}
{{- $release := include "stocktake.releaseLabels" .root | fromYaml -}}
{{- toYaml (merge (dict "app.kubernetes.io/component" .component) $release .root.Values.podLabels .root.Values.commonLabels) }}
{{- end }}

{{/* The metadata of an object: (dict "root" $ "name" … "suffix" … "labels" … "annotations" …), of
which only root is needed. */}}
{{- define "stocktake.metadata" -}}
metadata:
  name: {{ .name | default (printf "%s%s" (include "stocktake.fullname" .root) (.suffix | default "")) }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "stocktake.labels" (dict "root" .root "labels" .labels) | nindent 4 }}
  {{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "stocktake.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "stocktake.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "stocktake.image" -}}
{{- $image := .Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default .Chart.AppVersion $image.tag }}{{ end }}
{{- end }}

{{- define "stocktake.statePath" -}}
/var/lib/stocktake/state.db
{{- end }}

{{/* The port of `server.listen`. */}}
{{- define "stocktake.port" -}}
{{- regexFind "[0-9]+$" .Values.server.listen }}
{{- end }}

{{/* An expression that asks for the series of this release alone: (dict "root" $ "expr" …). The name
of the pod never changes, and both kinds of monitor make it a label. */}}
{{- define "stocktake.ofRelease" -}}
{{- $name := `\b((?:stocktake|process)_[a-z0-9_]+)` -}}
{{- $own := printf `namespace="%s", pod="%s-0"` .root.Release.Namespace (include "stocktake.fullname" .root) -}}
{{- $expr := regexReplaceAll (printf `%s\{` $name) .expr (printf `${1}{%s, ` $own) -}}
{{- regexReplaceAll (printf `%s([^a-z0-9_{]|$)` $name) $expr (printf `${1}{%s}${2}` $own) -}}
{{- end }}
