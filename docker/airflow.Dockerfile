# Airflow with vitalake and the DAG vitals_medallion: docker build -f docker/airflow.Dockerfile .
# BASE is any Debian with Python 3.11 to 3.13 and its venv module as python3.
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=1 VIRTUAL_ENV=/opt/vitalake
WORKDIR /build
COPY locks/uv.txt locks/
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --require-hashes -r locks/uv.txt
COPY pyproject.toml locks/airflow.txt ./
RUN /opt/uv/bin/uv venv --no-cache --python python3 /opt/vitalake \
  && /opt/uv/bin/uv pip install --no-cache --constraints airflow.txt --requirements pyproject.toml \
    --extra airflow --extra kafka --extra report
COPY LICENSE NOTICE README.md ./
COPY src src
COPY docker/compile docker/
RUN /opt/uv/bin/uv pip install --no-cache --no-deps --build-constraints airflow.txt . && docker/compile

FROM ${BASE} AS airflow
RUN useradd --uid 10001 --no-create-home --home-dir /tmp vitalake \
  && install -d -o vitalake -g vitalake /airflow /data
COPY --from=build /opt/vitalake /opt/vitalake
COPY docker/warmed /usr/local/bin/
COPY dags /opt/dags
ENV PATH=/opt/vitalake/bin:$PATH HOME=/tmp NUMBA_CPU_NAME=generic PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/airflow AIRFLOW__CORE__DAGS_FOLDER=/opt/dags AIRFLOW__CORE__LOAD_EXAMPLES=False
LABEL org.opencontainers.image.title=vitalake-airflow org.opencontainers.image.licenses=Apache-2.0
USER 10001
WORKDIR /data
VOLUME /airflow /data
# Airflow's processes end together on what Ctrl-C sends.
STOPSIGNAL SIGINT
ENTRYPOINT ["warmed"]
CMD ["airflow", "standalone"]
