"""The ops of linear algebra over LAPACK: one file per factor, or per what is made of it."""
