{{- define "stocktake.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "stocktake.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "stocktake.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "stocktake.name" .) | trunc 52 | trimSuffix "-" }}
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

{{- define "stocktake.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "stocktake.releaseLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The metadata of an object: (dict "root" $ "name" … "suffix" … "labels" … "annotations" …), of
which only root is needed. */}}
{{- define "stocktake.metadata" -}}
metadata:
  name: {{ .name | default (printf "%s%s" (include "stocktake.fullname" .root) (.suffix | default "")) }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "stocktake.labels" .root | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
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
