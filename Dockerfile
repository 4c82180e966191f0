FROM python:3.13.7-slim-bookworm

RUN useradd --create-home --uid 1000 solenoid && install -d -o solenoid /data
WORKDIR /opt/solenoid

COPY requirements-service.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-service.lock

COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER solenoid
ENV SOLENOID_DATA_DIR=/data PYTHONSAFEPATH=1
WORKDIR /data
