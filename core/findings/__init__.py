"""The findings of the cerebellar-block study, each asked of one session and joined over several."""
