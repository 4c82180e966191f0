FROM python:3.13-slim-bookworm

RUN useradd --create-home --uid 1000 solenoid && install -d -o solenoid /data
WORKDIR /opt/solenoid

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER solenoid
ENV SOLENOID_DATA_DIR=/data PYTHONSAFEPATH=1
WORKDIR /data
